"""Is nothing lost? Kills, power cuts, broken disks and brokers, at length, for docs/reliability.md."""
