"""Judgments and labels as observations: rows that are counted."""
