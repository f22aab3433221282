"""How an output is read: one file a kind of output; nothing here knows a judge by name."""
