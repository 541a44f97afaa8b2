"""The real HAProxy with the files that the program renders, before the sample or a backend that records."""
