"""What fails, and what people report, followed to its end: the hazard ledger (隐患台账) as pure functions."""
