"""The model catalog; downloaded models are put beside it in a checkout."""
