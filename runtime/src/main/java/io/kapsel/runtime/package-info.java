/** Makes one container out of an OCI configuration: bundle, launch plan, process. */
package io.kapsel.runtime;
