"""The configuration: typed, read with line numbers, every mistake told at once."""

from agent.config.load import gateway_schema, load_site
from agent.config.rules_load import is_pack, load_pack, rules_schema

__all__ = ["gateway_schema", "is_pack", "load_pack", "load_site", "rules_schema"]
