"""Reading and writing of Legacy Surveys images: cutouts, and bricks that stamps are cut from."""
