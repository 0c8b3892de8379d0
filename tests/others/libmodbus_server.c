/* A Modbus server that is nothing but libmodbus, with known values in every table.
 *
 *   libmodbus_server tcp PORT
 *   libmodbus_server rtu PATH BAUD UNIT
 *
 * coil i is on when i % 3 == 0, input i when i % 5 == 0; holding register i holds 1000 + i, input register i 2000 + i.
 * On stdin "di ADDRESS VALUE" sets an input. On stdout "ready", and "write FUNCTION" for every write request.
 * Ends when stdin does, so that it never outlives its test.
 */

#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

enum { BITS = 2048, REGISTERS = 512, THINKS_US = 400000 };

static modbus_mapping_t *memory_with_known_values(void)
{
    modbus_mapping_t *memory = modbus_mapping_new(BITS, BITS, REGISTERS, REGISTERS);
    if (memory == NULL)
        exit(3);
    for (int i = 0; i < BITS; i++) {
        memory->tab_bits[i] = i % 3 == 0;
        memory->tab_input_bits[i] = i % 5 == 0;
    }
    for (int i = 0; i < REGISTERS; i++) {
        memory->tab_registers[i] = 1000 + i;
        memory->tab_input_registers[i] = 2000 + i;
    }
    return memory;
}

static int open_server(modbus_t *bus, int over_tcp)
{
    if (over_tcp)
        return modbus_tcp_listen(bus, 4);
    return modbus_connect(bus) == 0 ? modbus_get_socket(bus) : -1;
}

/* One request; -1 when the client is gone. */
static int serve(modbus_t *bus, modbus_mapping_t *memory)
{
    uint8_t request[MODBUS_TCP_MAX_ADU_LENGTH];
    int length = modbus_receive(bus, request);
    int function;

    if (length <= 0)
        return length;
    function = request[modbus_get_header_length(bus)];
    if (function == 5 || function == 6 || function == 15 || function == 16)
        printf("write %d\n", function);
    modbus_reply(bus, request, length, memory);
    return length;
}

static int obey(modbus_mapping_t *memory)
{
    char line[80];
    int address, value;

    if (fgets(line, sizeof line, stdin) == NULL)
        return 0;
    if (sscanf(line, "di %d %d", &address, &value) == 2 && address >= 0 && address < BITS)
        memory->tab_input_bits[address] = value != 0;
    return 1;
}

int main(int count, char **words)
{
    int over_tcp = count == 3 && strcmp(words[1], "tcp") == 0;
    modbus_mapping_t *memory = memory_with_known_values();
    fd_set all, ready;
    modbus_t *bus;
    int server;

    if (!over_tcp && (count != 5 || strcmp(words[1], "rtu") != 0))
        return 64;
    setvbuf(stdout, NULL, _IOLBF, 0);
    setvbuf(stdin, NULL, _IONBF, 0);
    bus = over_tcp ? modbus_new_tcp("127.0.0.1", atoi(words[2])) : modbus_new_rtu(words[2], atoi(words[3]), 'N', 8, 1);
    if (bus == NULL || (!over_tcp && modbus_set_slave(bus, atoi(words[4])) != 0))
        return 65;
    modbus_set_response_timeout(bus, 0, THINKS_US); /* libmodbus sleeps so long before it refuses a function */
    server = open_server(bus, over_tcp);
    if (server < 0) {
        fprintf(stderr, "%s: %s\n", words[2], modbus_strerror(errno));
        return 66;
    }
    printf("ready\n");

    FD_ZERO(&all);
    FD_SET(STDIN_FILENO, &all);
    FD_SET(server, &all);
    for (;;) {
        ready = all;
        if (select(FD_SETSIZE, &ready, NULL, NULL, NULL) < 0)
            return 67;
        for (int fd = 0; fd < FD_SETSIZE; fd++) {
            if (!FD_ISSET(fd, &ready))
                continue;
            if (fd == STDIN_FILENO) {
                if (!obey(memory))
                    return 0;
            } else if (over_tcp && fd == server) {
                int client = server;
                if ((client = modbus_tcp_accept(bus, &server)) >= 0)
                    FD_SET(client, &all);
            } else {
                modbus_set_socket(bus, fd);
                if (serve(bus, memory) < 0 && over_tcp) {
                    close(fd);
                    FD_CLR(fd, &all);
                }
            }
        }
    }
}
