"""The real gateway on disks that fill up, turn read-only, vanish, lock up or hold noise."""
