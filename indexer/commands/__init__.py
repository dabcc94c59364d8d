"""The sub-commands of `wherein`, one module each."""
