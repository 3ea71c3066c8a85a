"""Numbers for pictures: distances between sets, agreement with maps, variety between seeds."""
