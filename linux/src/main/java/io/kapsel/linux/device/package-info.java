/** Which device nodes a container may open: rules, and the filter that the kernel runs. */
package io.kapsel.linux.device;
