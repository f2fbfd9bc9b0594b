/** Containers for tests of JUnit; {@code docs/guide/junit.md} shows how. */
package io.kapsel.junit;
