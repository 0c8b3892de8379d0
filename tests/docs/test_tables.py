"""What the documents say of kinds and keys is what the code does."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from agent.config.models import ConfigModel
from tests.docs.tables import MODELS, alarm_tables, keys

DOCS = Path(__file__).parents[2] / "docs"


ALARM_TABLES = dict(alarm_tables())


@pytest.mark.parametrize("about", ALARM_TABLES)
def test_the_tables_of_alarms_are_those_of_the_code(about: str) -> None:
    table = ALARM_TABLES[about]
    assert table in (DOCS / "alarms.md").read_text(), f"docs/alarms.md, {about}: it should be\n{table}"


@pytest.mark.parametrize("about", MODELS)
def test_the_tables_of_keys_are_those_of_the_models(about: str) -> None:
    wanted = f"### {about}\n\n{keys(MODELS[about])}\n"
    assert wanted in (DOCS / "configuration.md").read_text(), f"docs/configuration.md: it should be\n{wanted}"


def test_no_model_is_left_out_and_every_key_has_a_meaning() -> None:
    found = set(models_in(ConfigModel))
    assert found == set(MODELS.values())
    assert all(field.description for model in found for field in model.model_fields.values())


def models_in(annotation: object) -> list[type[BaseModel]]:
    """Every model that a configuration may contain."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return [annotation, *(m for field in fields for m in models_in(field.annotation))]
    return [m for part in getattr(annotation, "__args__", ()) for m in models_in(part)]
