"""The language of what people read: by option, else by the locale."""

import pytest

from agent import language
from agent.language import tr, use_language


@pytest.fixture(autouse=True)
def _afterwards() -> object:
    yield
    use_language("en")


def test_fields_are_filled_in_and_braces_without_fields_are_left_alone() -> None:
    use_language("en")
    assert tr("line {line} is {what}", line="rs485-1", what="gone") == "line rs485-1 is gone"
    assert tr("{} or {x}") == "{} or {x}"


@pytest.mark.parametrize(
    ("variables", "chinese"),
    [
        ({"LANG": "zh_CN.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, False),
        ({"LC_MESSAGES": "zh_TW", "LANG": "en_US"}, True),
        ({}, False),
    ],
)
def test_without_an_option_the_locale_decides(
    variables: dict[str, str], chinese: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    real = language.gettext.translation

    def noted(domain: str, directory: object, languages: list[str], fallback: bool) -> object:
        asked.append(languages)
        return real(domain, directory, languages=languages, fallback=fallback)  # type: ignore[call-overload]

    monkeypatch.setattr(language.gettext, "translation", noted)
    use_language()
    assert asked == [["zh_CN"] if chinese else []]
