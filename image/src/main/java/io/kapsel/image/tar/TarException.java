package io.kapsel.image.tar;

import java.io.IOException;

/** An archive that breaks a rule of its format or of ours. */
public final class TarException extends IOException {
  private static final long serialVersionUID = 1;

  /** With what is wrong with it. */
  public TarException(String message) {
    super(message);
  }
}
