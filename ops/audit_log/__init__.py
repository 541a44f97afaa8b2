"""Who deployed which digest, when, with what result: one immutable object an event, chained by hashes."""
