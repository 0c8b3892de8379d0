"""Is nothing lost? Power cuts, kills, broken disks and brokers, at length; each writes its part of docs/reliability.md."""
