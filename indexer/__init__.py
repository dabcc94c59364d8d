"""Wherein's indexer: files in, index out, and the command line."""
