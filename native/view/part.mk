$(eval $(call program,kapsel-view,view))
CHECKS += check-view check-deeds check-deeds-mutants
CROSS_CHECKS += cross-check-view

VIEW_TEST := $(wildcard view/test/*.[ch]) view/text.c view/render.c view/memory.c view/processors.c

$(BUILD)/%/view-test: $(VIEW_TEST) $(wildcard view/*.h) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -fsanitize=address,undefined -fno-sanitize-recover -o $@ $(filter %.c,$(VIEW_TEST))

$(BUILD)/%/deeds-test: $(wildcard view/test/deeds/*.[ch]) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -o $@ $(filter %.c,$^) -pthread

.PHONY: check-view cross-check-view check-deeds check-deeds-mutants
check-view: $(BUILD)/$(HOST)/view-test
	$^

check-deeds: $(BUILD)/$(HOST)/deeds-test $(BUILD)/$(HOST)/kapsel-view
	$^

# Views that lack a rule: the test of the rule must fail with each.
check-deeds-mutants: $(BUILD)/$(HOST)/deeds-test $(BUILD)/$(HOST)/kapsel-view
	view/test/deeds/mutants "$(CC_$(HOST)) $(FREESTANDING)" "$(LINK)" $^

# What it computes is the same everywhere: the other architecture's has to build.
cross-check-view: $(BUILD)/$(OTHER)/kapsel-view
