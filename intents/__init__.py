"""Language packs, one folder for each language; data, read through importlib.resources."""
