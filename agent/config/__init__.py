"""The configuration: typed, read with line numbers, every mistake told at once."""

from agent.config.load import gateway_schema, load_site

__all__ = ["gateway_schema", "load_site"]
