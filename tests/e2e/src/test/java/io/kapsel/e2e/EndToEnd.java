package io.kapsel.e2e;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * One engine for all tests of a class; after each class nothing may be left of it, and the files of
 * the host that an escape would reach first are as they were.
 */
@ExtendWith(WhatHangs.class)
abstract class EndToEnd {
  static Product product;
  private static Canary canary;
  private static Set<String> cgroupsBefore;

  @BeforeAll
  static void startFresh() {
    canary = Canary.of();
    cgroupsBefore = Product.cgroups();
    product = Product.fresh();
  }

  @AfterEach
  void removeContainers() {
    if (product.engine() != 0) {
      product.removeAll();
    }
  }

  @AfterAll
  static void leavesNothing() {
    long engine = product.engine();
    int descriptors = HostFiles.names(java.nio.file.Path.of("/proc/" + engine + "/fd")).size();
    product.close();
    canary.check();
    Await.until(
        Duration.ofSeconds(5),
        () -> "empty cgroups go: " + Product.emptyCgroups(cgroupsBefore),
        () -> Product.emptyCgroups(cgroupsBefore).isEmpty());
    if (descriptors > MOST_DESCRIPTORS) {
      throw new AssertionError("an idle engine has " + descriptors + " descriptors open");
    }
  }

  private static final int MOST_DESCRIPTORS = 250;

  static Result kapsel(String... arguments) {
    return product.kapsel(arguments);
  }

  /** {@code kapsel run --rm FLAGS… ROOT WORDS…} in the small test root, which must succeed. */
  static Result run(List<String> flags, String... words) {
    return tryRun(flags, words).ok();
  }

  static Result run(String... words) {
    return run(List.of(), words);
  }

  /** The same, however it ends. */
  static Result tryRun(List<String> flags, String... words) {
    List<String> all = new ArrayList<>(List.of("run", "--rm"));
    all.addAll(flags);
    all.add(TestRoot.reference());
    all.addAll(List.of(words));
    return kapsel(all.toArray(String[]::new));
  }

  /** Runs a shell script in the small test root and returns what it prints. */
  static String sh(List<String> flags, String script) {
    return run(flags, "/bin/sh", "-c", script).line();
  }

  static String sh(String script) {
    return sh(List.of(), script);
  }
}
