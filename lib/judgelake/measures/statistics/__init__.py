"""Intervals and coefficients that several measures share; numbers in, numbers out."""
