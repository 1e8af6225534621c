"""How an encoder computes rows of different lengths, for training and for answers alike."""
