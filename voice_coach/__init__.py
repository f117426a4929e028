"""A kaizen coach that listens, answers and remembers, wholly offline."""

__version__ = "0.1.0"
