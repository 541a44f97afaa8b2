"""Records who deployed which digest, when, with what result: one immutable object per event, chained by hashes."""
