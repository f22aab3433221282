"""How an output is parsed: one file per kind of output; nothing here depends on a judge's name."""
