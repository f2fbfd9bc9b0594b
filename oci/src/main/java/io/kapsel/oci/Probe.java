package io.kapsel.oci; /** x */ public final class Probe { private Probe() {} }
