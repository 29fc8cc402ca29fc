"""What is in an archive of evidence: its files, what stands in them, and how they are packed."""
