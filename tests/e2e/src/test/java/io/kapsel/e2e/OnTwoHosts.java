package io.kapsel.e2e;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/** The same two hosts for all tests of a class; after each test nothing is left on them. */
abstract class OnTwoHosts {
  static TwoHosts hosts;

  @BeforeAll
  static void makeHosts() {
    hosts = new TwoHosts();
  }

  @AfterEach
  void clear() {
    hosts.clear();
  }

  @AfterAll
  static void leavesNothing() {
    hosts.close();
  }
}
