"""Where files are kept: a folder, or a bucket of S3 or what speaks its language. Settings choose (`FILES_URL`)."""
