package io.kapsel.image.tar;

import io.kapsel.linux.Fd;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** The same without the confinement: the rules of the extractor hold by themselves. */
class UnconfinedExtractorIT extends ExtractorIT {
  @Override
  Extractor.Extracted extract(InputStream plain, Fd into, Extractor.Form form, List<Fd> lowers)
      throws IOException {
    return Extractor.unconfined(plain, into, form, lowers);
  }
}
