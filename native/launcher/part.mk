$(eval $(call program,kapsel-launcher,launcher))
