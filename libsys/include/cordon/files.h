/*
 * The file service: what servers/fs offers and how a client talks to it.
 *
 * A client connects once. The server then lends it a buffer: Frames that the
 * server owns and the client may read, and write if the policy says
 * `access: write`. Data goes from the server's cache into that buffer and is
 * used there, or copied out by files_read(); to write, it is put there. The
 * server owns the buffer, and not the client, so that no client can take memory
 * away from under a server that is using it.
 *
 * What is written is durable after files_sync(), or some seconds later. A power
 * cut leaves the file system as it was at one moment since the last sync; only
 * bytes that were overwritten in place may be newer (docs/files.md).
 *
 * Handles belong to the client that opened them (the badge of its endpoint) and
 * are checked on every use; connecting again closes all that an earlier life of
 * the client left open.
 */
#pragma once

#include <cordon/types.h>

#include <stdbool.h>

#define FILES_PATH_MAX     1023 /* bytes of a path, without the NUL */
#define FILES_NAME_MAX     255  /* bytes of one name in a path */
#define FILES_LINKS_MAX    16   /* symbolic links followed for one path */
#define FILES_HANDLES_MAX  32   /* open at once, for each client */
#define FILES_BUFFER_BYTES (256ul << 10) /* lent to each client */
#define FILES_STATUS_MAX   255 /* bytes of the text of files_status() */
/* The first and the last word of a buffer that has just been lent. */
#define FILES_LENT 0x746e656c73656c69ull

/*
 * Operations: labels of the request. Words of request -> words of the reply.
 * A text is its number of bytes and the bytes (message_put_bytes).
 */
enum files_operation {
    FILES_CONNECT = 1,  /* -> bytes of the buffer, 1 if it may write */
    FILES_BUFFER = 2,   /* first page -> number of pages; as many Frames */
    FILES_OPEN = 3,     /* flags, path -> handle, struct files_stat */
    FILES_CLOSE = 4,    /* handle */
    FILES_READ = 5,     /* handle, offset, bytes, where in the buffer ->
                           bytes read, 0 at the end of the file */
    FILES_STAT = 6,     /* flags, path -> struct files_stat */
    FILES_LIST = 7,     /* handle, position (0 at first) -> next position,
                           number of entries (0: the end), the entries */
    FILES_READLINK = 8, /* flags, path -> text */
    FILES_STATFS = 9,   /* -> struct files_statfs */
    FILES_STATUS = 10,  /* -> error (0: all is well), text */
    FILES_WRITE = 11,   /* handle, offset (FILES_APPEND: the end), bytes,
                           where in the buffer -> offset behind what is
                           written; all or nothing */
    FILES_RESIZE = 12,  /* handle, bytes that the file shall have */
    FILES_SYNC = 13,    /* handle; 0: everything, and leave a clean disk */
    FILES_FSTAT = 14,   /* handle -> struct files_stat */
    FILES_REMOVE = 15,  /* 0, path */
    FILES_MAKE_DIRECTORY = 16,   /* mode, path */
    FILES_REMOVE_DIRECTORY = 17, /* 0, path */
    FILES_RENAME = 18,           /* path, path */
};

/* Flags of FILES_OPEN; the first two of FILES_STAT as well. */
enum files_flags {
    FILES_NO_FOLLOW = 1,      /* a link at the path's end is meant itself */
    FILES_MUST_DIRECTORY = 2, /* fail unless it is a directory */
    FILES_OPEN_WRITE = 4,
    FILES_OPEN_CREATE = 8,     /* make it if it is not there, with the mode */
    FILES_OPEN_EXCLUSIVE = 16, /* fail if it is there */
    FILES_OPEN_TRUNCATE = 32,  /* to nothing */
};
#define FILES_OPEN_MODE(mode) (((unsigned)(mode)&0777u) << 16)

#define FILES_APPEND (~0ull)

/* Labels of replies; 0 is success. files_error_text() has a line for each. */
enum files_error {
    FILES_OK = 0,
    FILES_ERR_REQUEST = 64,       /* malformed: operation, lengths, offsets */
    FILES_ERR_NOT_FOUND = 65,     /* ENOENT */
    FILES_ERR_NOT_DIRECTORY = 66, /* ENOTDIR */
    FILES_ERR_IS_DIRECTORY = 67,  /* EISDIR */
    FILES_ERR_LOOP = 68,          /* ELOOP: more than FILES_LINKS_MAX links */
    FILES_ERR_NAME = 69,          /* ENAMETOOLONG, or a NUL in the path */
    FILES_ERR_IO = 70,            /* EIO: the disk failed */
    FILES_ERR_CORRUPT = 71,       /* EUCLEAN: the file system is damaged */
    FILES_ERR_HANDLE = 72,        /* EBADF */
    FILES_ERR_HANDLES = 73,       /* EMFILE: FILES_HANDLES_MAX are open */
    FILES_ERR_CLIENTS = 74,       /* ENFILE: no room for another client */
    FILES_ERR_NO_DISK = 75,       /* ENODEV: files_status() says why */
    FILES_ERR_NOT_LINK = 76,      /* EINVAL */
    FILES_ERR_MEMORY = 77,        /* ENOMEM */
    FILES_ERR_GONE = 78,          /* EIO: the service does not answer */
    FILES_ERR_CONNECT = 79,       /* EIO: it has restarted: connect again */
    FILES_ERR_EXISTS = 80,        /* EEXIST */
    FILES_ERR_NOT_EMPTY = 81,     /* ENOTEMPTY */
    FILES_ERR_FULL = 82,          /* ENOSPC: no blocks or inodes left */
    FILES_ERR_READ_ONLY = 83,     /* EROFS: files_status() says why */
    FILES_ERR_DENIED = 84,        /* EACCES: by the policy, or the handle */
    FILES_ERR_TOO_LARGE = 85,     /* EFBIG */
};

/* Kinds of file, as ext4's directory entries number them. */
enum files_type {
    FILES_TYPE_UNKNOWN = 0,
    FILES_TYPE_REGULAR = 1,
    FILES_TYPE_DIRECTORY = 2,
    FILES_TYPE_CHARACTER = 3,
    FILES_TYPE_BLOCK = 4,
    FILES_TYPE_FIFO = 5,
    FILES_TYPE_SOCKET = 6,
    FILES_TYPE_LINK = 7,
};

struct files_stat {
    uint64_t inode;
    uint64_t size;   /* bytes */
    uint64_t blocks; /* of 512 bytes that it takes on the disk */
    uint32_t mode;   /* as POSIX has it, type included */
    uint32_t links;
    uint32_t uid, gid;
    int64_t access_seconds, modify_seconds, change_seconds; /* since 1970 */
};
#define FILES_STAT_WORDS (sizeof(struct files_stat) / 8)

/* One entry of a FILES_LIST reply; the next one follows at the next multiple of
 * eight bytes behind the name. The name has no NUL. */
struct files_entry {
    uint64_t inode;
    uint16_t name_bytes;
    uint8_t type; /* enum files_type */
    uint8_t reserved[5];
    char name[];
};

enum files_statfs_flags {
    FILES_STATFS_WRITABLE = 1,
};

struct files_statfs {
    uint64_t block_bytes;
    uint64_t blocks, free_blocks;
    uint64_t inodes, free_inodes;
    uint64_t flags; /* enum files_statfs_flags */
    char label[24]; /* of the file system */
    char type[8];   /* "ext4" */
};
#define FILES_STATFS_WORDS (sizeof(struct files_statfs) / 8)

/* A connection. Not to be used by two threads at once. */
struct files {
    cap_t endpoint;
    uint8_t *buffer; /* lent by the server */
    bool may_write;  /* files, and the buffer */
    size_t buffer_bytes;
    cap_t frames;   /* slots of the buffer's Frames */
    unsigned lives; /* times that it was connected again by itself: handles
                       from before are lost, and may come to mean other files */
    bool lasting;   /* files_connect_lasting() */
};

/*
 * Connect to the file service behind `endpoint` and map the buffer it lends.
 * Every function of this header returns an enum files_error, FILES_ERR_GONE if
 * the service has died; results are set on success only. Functions that take a
 * path connect again by themselves when the service has been restarted; handles
 * from before are lost.
 */
int files_connect(struct files *files, cap_t endpoint);

/* Connect to the service that the policy gave the component under `name`. */
int files_connect_service(struct files *files, const char *name);

/*
 * The same for a client of a network that shall not die with the server when it
 * touches the buffer: zeros take its place then (memory_map_lent). What it
 * reads there counts only if files_is_lent() afterwards, for which it leaves
 * the first and the last page alone: the buffer goes from one end to the other,
 * and goes as a whole. So it reads with files_view_at() and not _view() or
 * _read(), and what it writes is in the buffer already.
 */
int files_connect_lasting(struct files *files, const char *name);
bool files_is_lent(const struct files *files);

/* Unmap the buffer: before connecting again, after the service has died. */
void files_disconnect(struct files *files);

/* Open `path`, from the root whether it starts with a slash or not. `stat` may
 * be null. */
int files_open(struct files *files, const char *path, unsigned flags,
               uint64_t *handle, struct files_stat *stat);
int files_close(struct files *files, uint64_t handle);

/* Read up to `bytes` bytes at `offset`; *done is less only at the file's end,
 * and 0 behind it. */
int files_read(struct files *files, uint64_t handle, uint64_t offset, void *to,
               size_t bytes, size_t *done);

/* The same without a copy: *data points into the lent buffer and holds up to
 * min(bytes, buffer_bytes) bytes until the next files_read() or _view(). */
int files_view(struct files *files, uint64_t handle, uint64_t offset,
               size_t bytes, const uint8_t **data, size_t *done);

/* The same into the buffer from byte `where` on: pieces that do not overlap
 * stay as they are while others are read, for a client with many readers. */
int files_view_at(struct files *files, uint64_t handle, uint64_t offset,
                  size_t bytes, size_t where, const uint8_t **data,
                  size_t *done);

/*
 * Write all of `bytes` bytes at `offset`, or at the file's end for
 * FILES_APPEND. *end (may be null) is the offset behind them. More than a
 * buffer goes in pieces: an error may leave some of them written. Data that is
 * in the buffer already is written from there, without a copy.
 */
int files_write(struct files *files, uint64_t handle, uint64_t offset,
                const void *from, size_t bytes, uint64_t *end);

/* Cut the file off, or lengthen it with zeros. */
int files_resize(struct files *files, uint64_t handle, uint64_t bytes);

/* Everything written so far, to this file or any other, and every name made or
 * removed, is durable when it returns FILES_OK. Handle 0: also leave a disk
 * that needs no repair, as before power is switched off. */
int files_sync(struct files *files, uint64_t handle);

int files_stat(struct files *files, const char *path, unsigned flags,
               struct files_stat *stat);
int files_fstat(struct files *files, uint64_t handle, struct files_stat *stat);

/* As POSIX has unlink, mkdir, rmdir, rename; the last replaces what is there,
 * and nobody ever sees neither or both. */
int files_remove(struct files *files, const char *path);
int files_mkdir(struct files *files, const char *path, unsigned mode);
int files_rmdir(struct files *files, const char *path);
int files_rename(struct files *files, const char *from, const char *to);

/*
 * Call `each` for every entry of the open directory, "." and ".." included,
 * until it returns non-zero, which files_list() then returns too. `name` ends
 * with a NUL.
 */
typedef int files_list_each(void *context, const char *name,
                            const struct files_entry *entry);
int files_list(struct files *files, uint64_t handle, files_list_each *each,
               void *context);

/* The text of the link `path` as a string. `bytes` includes the NUL. */
int files_readlink(struct files *files, const char *path, char *text,
                   size_t bytes);
int files_statfs(struct files *files, struct files_statfs *statfs);

/* How the service is: FILES_OK and what it serves, or what keeps it from that,
 * as one line without a newline in `text`, FILES_STATUS_MAX + 1 bytes. */
int files_status(struct files *files, char *text);

/* A line for people ("no such file or directory"), and the errno. */
const char *files_error_text(int error);
int files_error_errno(int error);

/* Connect, and let newlib's open(), stat(), opendir() ... mean the files of
 * this service from now on. */
int files_mount(const char *service);
