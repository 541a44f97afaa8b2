"""What no stack may do: rules that judge what is about to be created, whoever wrote the program."""
