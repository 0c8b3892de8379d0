"""Is this school provisioned as the rules require, now? Pure: (pack, facts, evidence, now) → verdicts."""
