"""The desk under load, beside the least that Django can do on the same machine in the same run."""
