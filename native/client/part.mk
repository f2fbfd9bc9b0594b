$(eval $(call program,kapsel,client))
CHECKS += check-client
CROSS_CHECKS += cross-check-client

CLIENT_TEST := $(wildcard client/test/*.[ch])

$(BUILD)/%/client-test: $(CLIENT_TEST) client/wire.h Makefile
	@mkdir -p $(@D)
	$(CC_$*) $(HOSTED) -o $@ $(filter %.c,$(CLIENT_TEST))

.PHONY: check-client cross-check-client
check-client: $(BUILD)/$(HOST)/client-test $(BUILD)/$(HOST)/kapsel
	$^

# The test itself runs on this machine; the client that it drives is the other architecture's.
cross-check-client: $(BUILD)/$(HOST)/client-test $(BUILD)/$(OTHER)/kapsel
	$< $(abspath $(BUILD)/$(OTHER)/kapsel) qemu-$(OTHER)-static
