package io.kapsel.image.registry;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.util.Optional;

/** The answer to a request, whose body is still to come. */
record Answer(int status, HttpHeaders headers, URI uri, InputStream body) implements AutoCloseable {
  Optional<String> header(String name) {
    return headers.firstValue(name);
  }

  /** The whole body; more than {@code most} bytes are an error. */
  byte[] read(int most) throws IOException {
    byte[] bytes = body.readNBytes(most + 1);
    if (bytes.length > most) {
      throw new IOException("the answer is longer than " + most + " bytes");
    }
    return bytes;
  }

  boolean ok() {
    return status >= 200 && status < 300;
  }

  @Override
  public void close() {
    try {
      body.close();
    } catch (IOException _) {
      // nobody wants it any more
    }
  }
}
