"""What several commands say: each sentence once."""
