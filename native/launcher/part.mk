$(eval $(call program,kapsel-launcher,launcher))
CHECKS += check-launcher check-watched check-mutants
CROSS_CHECKS += cross-check-launcher

LAUNCHER_TEST := $(wildcard launcher/test/*.[ch]) launcher/plan.c launcher/plan.h

$(BUILD)/%/launcher-test: $(LAUNCHER_TEST) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -o $@ $(filter-out %/inside.c,$(filter %.c,$(LAUNCHER_TEST)))

# What runs in the container of a test, where there is nothing else.
$(BUILD)/%/inside: launcher/test/inside.c Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -static -o $@ $<

# The same tests, with every access watched.
$(BUILD)/%/launcher-watched: $(LAUNCHER_TEST) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -fsanitize=address,undefined -fno-sanitize-recover -DFUZZ=100000 -o $@ \
		$(filter-out %/inside.c,$(filter %.c,$(LAUNCHER_TEST)))

# And many more random changes of a segment; others with another SEED in the environment.
$(BUILD)/%/launcher-fuzz: $(LAUNCHER_TEST) Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -fsanitize=address,undefined -fno-sanitize-recover -DFUZZ=2000000 -o $@ \
		$(filter-out %/inside.c,$(filter %.c,$(LAUNCHER_TEST)))

.PHONY: check-launcher check-watched check-mutants cross-check-launcher fuzz
check-launcher: $(BUILD)/$(HOST)/launcher-test $(BUILD)/$(HOST)/kapsel-launcher $(BUILD)/$(HOST)/inside
	$^

check-watched: $(BUILD)/$(HOST)/launcher-watched $(BUILD)/$(HOST)/kapsel-launcher $(BUILD)/$(HOST)/inside
	$^

# Launchers that lack a rule: the test of the rule must fail with each.
check-mutants: $(BUILD)/$(HOST)/launcher-test $(BUILD)/$(HOST)/kapsel-launcher $(BUILD)/$(HOST)/inside
	launcher/test/mutants "$(CC_$(HOST)) $(FREESTANDING)" "$(LINK)" $^

cross-check-launcher: $(BUILD)/$(HOST)/launcher-test $(BUILD)/$(OTHER)/kapsel-launcher $(BUILD)/$(HOST)/inside
	$^ qemu-$(OTHER)-static

fuzz: $(BUILD)/$(HOST)/launcher-fuzz $(BUILD)/$(HOST)/kapsel-launcher $(BUILD)/$(HOST)/inside
	$^
