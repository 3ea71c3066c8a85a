"""What is trained, and by which losses: one file a paper."""
