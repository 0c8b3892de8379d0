"""`python -m tests.docs.renew` writes the tables of keys in docs/configuration.md again, from the models."""

import re

from tests.docs.tables import MODELS, keys
from tests.docs.test_tables import DOCS


def renewed(page: str) -> str:
    """The page with every table as the models have it now; a new one comes last."""
    for about, model in MODELS.items():
        section = f"### {about}\n\n{keys(model)}\n"
        old = re.compile(rf"^### {re.escape(about)}\n\n(\|.*\n)*", re.MULTILINE)
        page = old.sub(lambda _, new=section: new, page) if old.search(page) else f"{page.rstrip()}\n\n{section}"
    return page


if __name__ == "__main__":
    file = DOCS / "configuration.md"
    file.write_text(renewed(file.read_text()))
