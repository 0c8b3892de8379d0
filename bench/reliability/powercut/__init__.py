"""The power cut of a whole machine: a guest on a disk with a volatile cache, both killed in mid-write."""
