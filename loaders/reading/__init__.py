"""Reading files, standard input and S3 objects in bounded memory."""
