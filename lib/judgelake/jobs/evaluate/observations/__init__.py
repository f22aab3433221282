"""Judgments and labels as observations: the rows that are counted."""
