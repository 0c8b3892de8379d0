"""A school day in which the n-th operation of a kind fails or hangs, for every n."""
