$(eval $(call program,kapsel-view,view))
CHECKS += check-view
CROSS_CHECKS += cross-check-view

VIEW_TEST := $(wildcard view/test/*.[ch]) view/text.c view/render.c view/memory.c view/processors.c

$(BUILD)/%/view-test: $(VIEW_TEST) $(wildcard view/*.h) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -fsanitize=address,undefined -fno-sanitize-recover -o $@ $(filter %.c,$(VIEW_TEST))

.PHONY: check-view cross-check-view
check-view: $(BUILD)/$(HOST)/view-test
	$^

# What it computes is the same everywhere: the other architecture's has to build.
cross-check-view: $(BUILD)/$(OTHER)/kapsel-view
