/** Records of the OCI image and distribution specifications, and the names of images. */
package io.kapsel.oci.image;
