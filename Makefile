# The same names as ./dev; ARGS="…" passes arguments on.
.PHONY: demo test check bench wheel docs help
help demo test check bench wheel docs:
	@./dev $@ $(ARGS)
