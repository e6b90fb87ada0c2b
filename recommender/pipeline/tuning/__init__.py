"""What `tune` is made of: what is searched, the trials, and what is written."""
