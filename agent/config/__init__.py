"""The configuration: typed, read with line numbers, every mistake told at once."""

from agent.config.hazard_book import read_book
from agent.config.load import gateway_schema, load_site
from agent.config.rules_load import load_pack, rules_schema
from agent.config.sort import sort_of

__all__ = ["gateway_schema", "load_pack", "load_site", "read_book", "rules_schema", "sort_of"]
